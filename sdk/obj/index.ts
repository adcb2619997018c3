export * from './coding/index.ts'
