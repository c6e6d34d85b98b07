// What the pages take from age-encryption (typage).
export { Decrypter, Encrypter, Stanza, armor, generateX25519Identity, identityToRecipient } from "age-encryption";
