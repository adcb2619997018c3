export { type Clock, type RandomBytes, systemClock, systemRandom } from './clock.ts'
export { type DeadlineOptions, throwIfAborted, withDeadline } from './deadline.ts'
