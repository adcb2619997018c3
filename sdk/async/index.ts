export { type Clock, type RandomBytes, systemClock, systemRandom } from './clock.ts'
export { type DeadlineOptions, throwIfAborted, withDeadline } from './deadline.ts'
export { RequestBudget, type RequestRate } from './request-budget.ts'
