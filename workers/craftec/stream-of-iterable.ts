/** As `ReadableStream.from`, which not every browser has: reads no faster than its consumer, and ends the iteration when it is cancelled. */
export function streamOfIterable<Chunk>(source: AsyncIterable<Chunk>): ReadableStream<Chunk> {
  const iterator = source[Symbol.asyncIterator]()
  return new ReadableStream<Chunk>(
    {
      pull: async controller => {
        const { done, value } = await iterator.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: async () => void (await iterator.return?.())
    },
    { highWaterMark: 0 }
  )
}
