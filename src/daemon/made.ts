/** What was made for a run that has not begun: all of it goes again when the run never does. */
export class Made {
  readonly #steps: (() => unknown)[] = []
  readonly #failed: (error: unknown) => void

  /** @param failed told of each step that did not work; the others are taken all the same */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  /** @param takeBack how to undo what was just made */
  add(takeBack: () => unknown): void {
    this.#steps.push(takeBack)
  }

  /** Undoes everything, the last first; never throws, and does nothing a second time. */
  async takeBack(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step()
      } catch (error) {
        this.#failed(error)
      }
    }
  }
}
