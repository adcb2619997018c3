/** Plays a film by its link: the element asks for ranges, the service worker passes them on, this page's node reads them. */
import { CraftecError, createCraftec } from '@craftec/web'
import { serveContent } from '@craftec/web/widget'

const form = document.querySelector('form')
const video = document.querySelector('video')
const problem = document.querySelector('#problem')

async function start(): Promise<void> {
  const bootstrap = new URLSearchParams(location.search).getAll('bootstrap')
  await controlled()
  const craft = await createCraftec({ bootstrap })
  const server = serveContent(craft.obj)
  form?.addEventListener('submit', event => {
    event.preventDefault()
    const link = String(new FormData(form).get('link')).trim()
    try {
      if (video) video.src = server.add(link)
      tell('')
    } catch (error) {
      tell(CraftecError.from(error).message)
    }
  })
  video?.addEventListener('error', () => tell('This could not be played.'))
}

/** Once the service worker answers for this page. */
async function controlled(): Promise<void> {
  const { serviceWorker } = navigator
  const change = new Promise(resolve => serviceWorker.addEventListener('controllerchange', resolve, { once: true }))
  await serviceWorker.register('./service-worker.js', { type: 'module' })
  if (!serviceWorker.controller) await change
}

function tell(text: string): void {
  problem?.replaceChildren(text)
}

start().catch(error => tell(CraftecError.from(error).message))
