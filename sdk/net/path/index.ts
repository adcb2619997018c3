export { choosePath } from './choose-path.ts'
export { acceptsPort } from './exit-ports.ts'
export { type Guard, type GuardState, NO_GUARDS, parseGuardState, reportGuard } from './guard-state.ts'
export type { ExitWish, Path, PathOptions, PathRequest } from './path-request.ts'
