export { ByteReader, ByteWriter } from './bytes.ts'
