import '@craftec/web/widget/define'

const TEXT = 'stored by a page that knows nothing of the network'

/** @param {{ bootstrap: string[] }} parameters @returns {Promise<{ name: string, error?: string }[]>} */
globalThis.checkPage = async ({ bootstrap }) => {
  const storage = document.querySelector('craftec-storage')
  const outcomes = []
  const check = async (name, run) => {
    try {
      outcomes.push(await run().then(() => ({ name })))
    } catch (error) {
      outcomes.push({ name, error: String(error?.message ?? error) })
    }
  }
  let link
  await check('the element starts a node', async () => {
    const ready = next(storage, 'craftec-ready')
    storage.setAttribute('bootstrap', bootstrap.join(' '))
    await ready
  })
  await check('a file is stored, and has a link', async () => {
    const stored = next(storage, 'craftec-stored')
    storage.storeFiles([new File([TEXT], 'note.txt', { type: 'text/plain' })])
    ;({ link } = await stored)
    if (!link.startsWith('craftec:')) throw new Error(`no link: ${link}`)
  })
  await check('the link gives the file back', async () => {
    const retrieved = next(storage, 'craftec-retrieved')
    storage.retrieve(link)
    const { blob, name } = await retrieved
    if (name !== 'note.txt' || (await blob.text()) !== TEXT) throw new Error('another file came back')
  })
  return outcomes
}

/** The detail of the next event; the element tells of a failure by another one. */
function next(element, type) {
  return new Promise((resolve, reject) => {
    element.addEventListener(type, ({ detail }) => resolve(detail), { once: true })
    element.addEventListener('craftec-error', ({ detail }) => reject(detail.error), { once: true })
  })
}
