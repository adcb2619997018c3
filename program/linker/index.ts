export { link } from './link.ts'
export { LinkError, type LinkReason } from './link-error.ts'
export { writeProgram } from './write-program.ts'
