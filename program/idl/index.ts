export { dispatchHeader, interfaceHeader } from './c-header.ts'
export {
  fieldsOf,
  type Idl,
  type IdlAccountItem,
  type IdlError,
  type IdlField,
  type IdlInstruction,
  type IdlSeed,
  type IdlType,
  readIdl
} from './idl.ts'
export { placeFields, sizeOf, sizeOfFields } from './layout.ts'
export { computeTable, interfaceTables, withTables } from './tables.ts'
