export { type ChildReport, isChildReport, type ParentLink, parentLink } from './parent-link.ts'
