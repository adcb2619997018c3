/**
 * What every consumer app proves, in its page and in its worker, with the package as installed.
 * @param {typeof import('@craftec/web')} craftec
 * @param {Partial<typeof import('@craftec/web/obj') & typeof import('@craftec/web/workers')>} more
 * @param {{ bootstrap: string[], unreachable: string[], url: string, sha256: string, wasmUrls?: { strict: string, relaxed: string }, ownWorkers: boolean }} parameters
 * @returns {Promise<{ name: string, error?: string }[]>}
 */
export async function check(craftec, more, parameters) {
  const outcomes = []
  for (const [name, run] of Object.entries({ ...checks, ...(parameters.ownWorkers ? workerChecks : {}) })) {
    try {
      await run({ ...craftec, ...more }, parameters)
      outcomes.push({ name })
    } catch (error) {
      outcomes.push({ name, error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
    }
  }
  return outcomes
}

const checks = {
  'an unknown option is refused with its code': async ({ createCraftec, CraftecError }, { bootstrap }) => {
    const error = await rejection(createCraftec({ bootstrap, hopps: 3 }))
    expect(error instanceof CraftecError, 'a CraftecError', error)
    expect(error.code === 'unknown-option', 'code unknown-option', error.code)
  },

  'coding runs in WebAssembly': async (package_, { wasmUrls, bootstrap }) => {
    const { createCraftec, loadCodingEngine, createEncoder, createDecoder } = package_
    if (loadCodingEngine === undefined) {
      // the one-file bundle has no other doors
      const craft = await createCraftec({ bootstrap, storage: 'memory' })
      try {
        const { coding, hashing } = await craft.obj.engines()
        expect(coding.startsWith('wasm') && hashing.startsWith('wasm'), 'WebAssembly engines', `${coding}, ${hashing}`)
      } finally {
        await craft.stop()
      }
      return
    }
    const engine = await loadCodingEngine(wasmUrls ? { wasmUrls } : {})
    expect(engine.name.startsWith('wasm'), 'a WebAssembly engine', engine.name)
    const [k, pieceBytes] = [3, 1000]
    const random = length => crypto.getRandomValues(new Uint8Array(length))
    const source = random(k * pieceBytes)
    const encoder = createEncoder(engine, { k, pieceBytes }, random, source)
    const decoder = createDecoder(engine, { k, pieceBytes })
    for (const piece of encoder.coded(k + 5)) decoder.add(piece)
    expect(hex(decoder.decode()) === hex(source), 'the bytes that were coded', decoder.rank)
  },

  'what is stored goes through workers, wired by nobody': async ({ createCraftec }, { bootstrap }) => {
    const craft = await createCraftec({ bootstrap })
    try {
      const file = crypto.getRandomValues(new Uint8Array(60_000))
      const { link } = await craft.obj.put(file, { replicas: 0 })
      expect(hex(await craft.obj.get(link).bytes()) === hex(file), 'the bytes that were put', link)
      await craft.obj.remove(link)
      const { codec, store } = await craft.obj.engines()
      expect(codec === 'workers' && store === 'worker', 'workers', `${codec}, ${store}`)
    } finally {
      await craft.stop()
    }
  },

  // In memory: a directory kept from an earlier visit is a way in, too.
  'without a network a fetch rejects with a code, in time': async (
    { createCraftec, CraftecError },
    { unreachable, url }
  ) => {
    const started = performance.now()
    const craft = await createCraftec({ bootstrap: unreachable, storage: 'memory' })
    try {
      const error = await rejection(craft.net.fetch(url, { allowInsecure: true, timeoutMs: 3000 }))
      expect(error instanceof CraftecError, 'a CraftecError', error)
      expect(performance.now() - started < 10_000, 'an answer within 10 s', performance.now() - started)
    } finally {
      await craft.stop()
    }
  },

  'a fetch over three relays brings the bytes': async ({ createCraftec }, { bootstrap, url, sha256 }) => {
    const craft = await createCraftec({ bootstrap, hops: 3 })
    try {
      const response = await craft.net.fetch(url, { allowInsecure: true, timeoutMs: 30_000 })
      expect(response instanceof Response && response.status === 200, 'a 200 Response', response)
      const digest = await crypto.subtle.digest('SHA-256', await response.arrayBuffer())
      expect(hex(digest) === sha256, 'the bytes of the origin', hex(digest))
    } finally {
      await craft.stop()
    }
  }
}

/** Where the tool chain builds the workers that the package starts. */
const workerChecks = {
  'the codec pool codes in a worker, in WebAssembly': async ({ createCodecPool }, { wasmUrls }) => {
    const pool = createCodecPool({ workers: 1, ...(wasmUrls ? { wasmUrls } : {}) })
    try {
      const name = await pool.engine()
      expect(name.startsWith('wasm'), 'a WebAssembly engine', name)
      const [k, pieceBytes] = [3, 1000]
      const source = crypto.getRandomValues(new Uint8Array(k * pieceBytes))
      const made = await pool.encode({ source: source.slice(), k, pieceBytes, count: k + 5 })
      const pieces = Array.from({ length: k + 5 }, (_, row) => ({
        coefficients: made.coefficients.slice(row * k, (row + 1) * k),
        data: made.pieces.slice(row * pieceBytes, (row + 1) * pieceBytes)
      }))
      const decoded = await pool.decode({ pieces, k, pieceBytes, sizeBytes: source.length })
      expect(hex(decoded) === hex(source), 'the bytes that were coded', decoded.length)
    } finally {
      await pool.dispose()
    }
  },

  'the piece store keeps pieces through its worker': async ({ openPieceStore }) => {
    const random = length => crypto.getRandomValues(new Uint8Array(length))
    const [manifestId, id, data] = [random(32), random(32), random(5000)]
    const record = { id, coefficients: random(1), root: random(32), provenance: random(0) }
    const shape = { pieceBytes: data.length, segments: 1, size: data.length, origin: 'own' }
    const content = { manifestId, contentId: random(32), manifest: random(100), ...shape }
    const first = await openPieceStore({ name: 'consumer' })
    await first.addContent(content)
    await first.putPieces(manifestId, 0, [{ record, data }])
    await first.close()
    const second = await openPieceStore({ name: 'consumer' })
    const read = await second.readPiece(manifestId, 0, id)
    await second.removeContent(manifestId)
    await second.close()
    expect(hex(read ?? []) === hex(data), 'the bytes that were put', read?.length)
  }
}

async function rejection(promise) {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('resolved, but should have rejected')
}

function expect(holds, what, actual) {
  if (!holds) throw new Error(`expected ${what}, got ${String(actual)}`)
}

function hex(buffer) {
  return [...new Uint8Array(buffer)].map(byte => byte.toString(16).padStart(2, '0')).join('')
}
