export * from './coding/index.ts'
export * from './store/index.ts'
