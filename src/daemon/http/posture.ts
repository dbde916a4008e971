import type { PostureAnswer } from '../../api/posture.ts'
import type { Credential } from '../../gate/index.ts'
import { wordsOf, type Area, type AreaReport, type Mended } from '../../watch/posture/index.ts'
import type { Handlers } from './app.ts'

export interface PostureParts {
  readonly last: () => readonly AreaReport[]
  readonly run: (areas: readonly Area[]) => Promise<readonly AreaReport[]>
  readonly mend: (
    reports: readonly AreaReport[],
    isDry: boolean,
    credential: Credential,
  ) => Promise<readonly Mended[]>
}

/** How the machine is set up, as last seen or as seen now. */
export function postureHandlers({
  last,
  run,
  mend,
}: PostureParts): Pick<Handlers, 'postureShow' | 'postureScan'> {
  return {
    postureShow: () => answerOf(last(), []),
    async postureScan({ areas, fix, dry_run: isDry }, { credential }) {
      const before = await run(areas)
      if (!fix) return answerOf(before, [])
      const mended = await mend(before, isDry, credential)
      const isChanged = mended.some(({ result }) => result === 'done')
      return answerOf(isChanged ? await run(areas) : before, mended)
    },
  }
}

function answerOf(reports: readonly AreaReport[], mended: readonly Mended[]): PostureAnswer {
  return {
    score: reports.reduce((sum, { score }) => sum + score, 0),
    areas: reports.map(({ area, at, durationMs, score, weaknesses, notes, failed }) => ({
      ...{ area, at: new Date(at).toISOString(), duration_ms: durationMs, score, notes: [...notes] },
      weaknesses: weaknesses.map(({ id, severity, what, subject, fix, mend }) => ({
        ...{ id: `${area}.${id}`, severity, what, subject, fix, mendable: mend !== undefined },
      })),
      ...(failed === undefined ? {} : { failed }),
    })),
    mended: mended.map(({ mend, result, why }) => ({
      ...{ what: wordsOf(mend), result },
      ...(why === undefined ? {} : { why }),
    })),
  }
}
