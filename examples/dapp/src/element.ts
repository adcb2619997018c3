/** The element with `id`, of the class asked for. The page and this code ship together, so a miss is a defect. */
export function byId<T extends HTMLElement>(id: string, type: abstract new () => T): T {
  const found = document.getElementById(id)
  if (!(found instanceof type)) throw new Error(`no ${type.name} #${id} in the page`)
  return found
}

/** Build an element from text, never from markup. */
export function element(
  tag: string,
  properties: { class?: string; text?: string } = {},
  ...children: Node[]
): HTMLElement {
  const made = document.createElement(tag)
  if (properties.class) made.className = properties.class
  if (properties.text !== undefined) made.textContent = properties.text
  made.append(...children)
  return made
}
