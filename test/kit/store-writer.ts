/** A process that puts segment after segment into a store in a folder and reports each: to be killed in the middle. */
import { openFileStore } from '../../relay-server/store/index.ts'
import { PIECES, segmentContent } from './segment-content.ts'
import { pieces } from './store-content.ts'

const [folder = '', segments = '0'] = process.argv.slice(2)
const store = await openFileStore({ folder })
const content = segmentContent(1, Number(segments))
await store.addContent(content)
for (let segment = 0; segment < content.segments; segment++) {
  await store.putPieces(content.manifestId, segment, pieces(content, segment, PIECES))
  process.send?.(segment)
}
