/** Every instruction as a well-formed call by the people it concerns. */
export * from './channels.ts'
export * from './configuration.ts'
export * from './creator-pools.ts'
export * from './distributions.ts'
export * from './subscriptions.ts'
