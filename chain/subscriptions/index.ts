export { Subscriptions, type SubscriptionsOptions } from './subscriptions.ts'
