import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const [sdk, widget] = ['sdk', 'widget'].map(folder => fileURLToPath(new URL(`../../${folder}/`, import.meta.url)))

// Inside this repository the example runs on the SDK's sources; elsewhere, drop the aliases and install @craftec/web.
export default defineConfig({
  root: import.meta.dirname,
  resolve: {
    alias: [
      { find: /^@craftec\/web$/, replacement: `${sdk}index.ts` },
      { find: /^@craftec\/web\/widget$/, replacement: `${widget}index.ts` },
      { find: /^@craftec\/web\/(.+)$/, replacement: `${sdk}$1/index.ts` }
    ]
  },
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    chunkSizeWarningLimit: 1500,
    modulePreload: { polyfill: false }
  }
})
