export { explainRefusal, type Refusal, type RefusalContext, refusalError } from './explain-refusal.ts'
