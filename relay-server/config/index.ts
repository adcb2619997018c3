export { parseByteSize } from './byte-size.ts'
export { type ConfigOption, configOptions } from './config-options.ts'
export type { RelayConfig } from './config-schema.ts'
export { CONFIG_FILE_VARIABLE, type ConfigInput, loadConfig } from './load-config.ts'
