/**
 * `new URL('./worker.ts', import.meta.url)` names a source file. The compiler rewrites imports but not such URLs, so the
 * build does: in dist/ the file beside it is `./worker.js`.
 */
const SOURCE_URL = /(new URL\(\s*(['"])\.{1,2}\/[^'"]*)\.ts(\2\s*,\s*import\.meta\.url\s*\))/g

export function sourceUrlsToBuilt(module: string): string {
  return module.replace(SOURCE_URL, '$1.js$3')
}
