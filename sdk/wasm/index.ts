export { compileModule } from './compile-module.ts'
