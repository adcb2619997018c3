export interface ElementProperties {
  readonly class?: string
  readonly text?: string
  readonly attributes?: Readonly<Record<string, string>>
}

/** An element built from text, never from markup: names of files are chosen by strangers. */
export function buildElement<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  { class: className, text, attributes = {} }: ElementProperties = {},
  ...children: Node[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  if (className !== undefined) made.className = className
  if (text !== undefined) made.textContent = text
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

export function buildButton(text: string, onClick: () => void, className = 'quiet'): HTMLButtonElement {
  const button = buildElement('button', { class: className, text, attributes: { type: 'button' } })
  button.addEventListener('click', onClick)
  return button
}
