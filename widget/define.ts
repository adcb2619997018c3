/** `import '@craftec/web/widget/define'` makes `<craftec-storage>` known to the page. */
import { defineCraftecStorage } from './craftec-storage-element.ts'

defineCraftecStorage()
