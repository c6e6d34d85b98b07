// What the pages take from fflate: looking into .xlsx, and drafts as .zip, piece by piece.
export { Unzip, UnzipInflate, UnzipPassThrough, Zip, ZipPassThrough, unzipSync } from "fflate";
