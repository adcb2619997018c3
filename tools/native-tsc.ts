/** The native compiler by its path: the one with a programming interface, which other tools need, has a command of the same name. */
export const NATIVE_TSC = 'node_modules/typescript-native/bin/tsc'
