import { expose } from 'comlink'
import { createCraftecHost } from './craftec-host.ts'

expose(createCraftecHost())
