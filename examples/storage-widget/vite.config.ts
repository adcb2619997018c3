import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

// Inside this repository the example runs on the SDK's sources; elsewhere, drop the alias and install @craftec/web.
export default defineConfig({
  root: import.meta.dirname,
  resolve: {
    alias: { '@craftec/web/widget/define': fileURLToPath(new URL('../../widget/define.ts', import.meta.url)) }
  },
  worker: { format: 'es' },
  build: { target: 'es2022', outDir: 'dist', emptyOutDir: true, chunkSizeWarningLimit: 1500 }
})
