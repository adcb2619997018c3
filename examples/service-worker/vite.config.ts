import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const source = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

// Inside this repository the example runs on the SDK's sources; elsewhere, drop the aliases and install @craftec/web.
export default defineConfig({
  root: import.meta.dirname,
  resolve: {
    alias: [
      { find: '@craftec/web/widget/content-worker', replacement: source('widget/content-worker/index.ts') },
      { find: '@craftec/web/widget', replacement: source('widget/index.ts') },
      { find: '@craftec/web', replacement: source('sdk/index.ts') }
    ]
  },
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      input: {
        index: source('examples/service-worker/index.html'),
        'service-worker': source('examples/service-worker/src/service-worker.ts')
      },
      // a worker's scope is its own folder, so it stands at the root and under one name
      output: { entryFileNames: ({ name }) => (name === 'service-worker' ? '[name].js' : 'assets/[name]-[hash].js') }
    }
  }
})
