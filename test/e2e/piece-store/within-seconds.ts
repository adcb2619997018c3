/** A tab that does not answer: the browser does not always say of one that its process is dead. */
export class TabSilent extends Error {
  constructor(seconds: number) {
    super(`no answer within ${seconds} s`)
    this.name = 'TabSilent'
  }
}

/** @throws TabSilent */
export async function withinSeconds<T>(seconds: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TabSilent(seconds)), seconds * 1000)
  })
  try {
    return await Promise.race([answer, silence])
  } finally {
    clearTimeout(timer)
  }
}
