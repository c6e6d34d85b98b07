// What the pages take from pkijs and asn1js: PKCS #12 files and certificates.
export { Certificate, ContentInfo, PFX } from "pkijs";
