import { readFileSync } from 'node:fs'
import type { StatusAnswer } from '../../api/endpoints.ts'
import { CONTROLS } from '../../core/control.ts'
import type { Context } from '../command.ts'

interface TestedControl {
  readonly id: string
  readonly status: string
}

/** Every control: what its tests showed when this Warder was built, and whether its facility is in force here and now. */
export function controlTable({ out }: Context, status: StatusAnswer): void {
  const tested = testedControls()
  const rows = CONTROLS.map((control) => {
    const facility = 'facility' in control ? control.facility : undefined
    const guarantee = status.sandbox.guarantees.find(({ name }) => name === facility)
    return {
      id: control.id,
      title: control.title,
      tests: tested.get(control.id) ?? 'not verified here',
      here:
        facility === undefined
          ? 'in the program'
          : guarantee === undefined
            ? 'unknown'
            : guarantee.inForce
              ? 'in force'
              : `not in force: ${guarantee.why}`,
    }
  })
  out.table(rows, [
    { title: 'CONTROL', value: ({ id }) => id },
    { title: 'WHAT', value: ({ title }) => title, shrinks: true },
    { title: 'TESTS', value: ({ tests }) => tests },
    { title: 'ON THIS HOST', value: ({ here }) => here, shrinks: true },
  ])
}

/** What the test run that made this build found; without one, nothing counts as verified. */
function testedControls(): ReadonlyMap<string, string> {
  try {
    const text = readFileSync(new URL('./controls.json', import.meta.url), 'utf8')
    const { controls } = JSON.parse(text) as { controls: readonly TestedControl[] }
    return new Map(controls.map(({ id, status }) => [id, status]))
  } catch {
    return new Map() // unknown is shown as not verified, never as verified
  }
}
