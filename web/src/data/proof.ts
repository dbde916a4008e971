import { store } from './store.ts'

/** Whether the page asks to prove once more who sits here, and who waits for the answer. */
export const proofWanted = store<((proved: boolean) => void) | undefined>(undefined)

const waiting = new Set<(proved: boolean) => void>()

/** Opens the question; several calls that want it share one answer. */
export function askForProof(): Promise<boolean> {
  return new Promise((resolve) => {
    waiting.add(resolve)
    proofWanted.set(answer)
  })
}

function answer(proved: boolean): void {
  proofWanted.set(undefined)
  for (const resolve of waiting) resolve(proved)
  waiting.clear()
}
