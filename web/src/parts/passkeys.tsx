import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { addPasskey, hasPasskeys, listPasskeys, removePasskey } from '../data/passkeys.ts'
import { Problem } from '../data/problem.ts'
import { askForProof } from '../data/proof.ts'
import { queries } from '../data/queries.ts'
import { session } from '../data/session.ts'
import { Answered, Empty, Section, Table, Wrong } from './blocks.tsx'
import type { Act } from './confirm.tsx'
import { Ago, Told } from './text.tsx'

const KEY = ['passkeys']

/** The passkeys of whoever sits here. One is added or taken away only by who proved themselves a moment ago. */
export function Passkeys({ onAct }: { readonly onAct: (act: Act) => void }): ReactNode {
  const list = useQuery({ queryKey: KEY, queryFn: listPasskeys })
  const who = session.use()
  const [error, setError] = useState<unknown>()
  const canHere = typeof who === 'object' && who.passkeys && hasPasskeys()
  const add = async (): Promise<void> => {
    setError(undefined)
    try {
      await proven(() => addPasskey(`made ${new Date().toISOString().slice(0, 10)}`))
    } catch (thrown) {
      setError(thrown)
    }
    void queries.invalidateQueries({ queryKey: KEY })
  }
  return (
    <Section
      title="Your passkeys"
      actions={
        canHere ? (
          <button type="button" className="small" onClick={() => void add()}>
            Add one
          </button>
        ) : undefined
      }
    >
      {error === undefined ? null : <Wrong error={error} />}
      <Answered of={list}>
        {({ passkeys }) =>
          passkeys.length === 0 ? (
            <Empty>
              {canHere
                ? 'None yet. One logs you in without typing, and proves that it is you.'
                : 'None yet. A passkey is bound to a name: open https://localhost instead of an address.'}
            </Empty>
          ) : (
            <Table
              label="Your passkeys"
              rows={passkeys}
              keyOf={({ id }) => id}
              columns={[
                { name: 'Name', wide: true, cell: ({ name }) => <Told>{name}</Told> },
                { name: 'For', cell: ({ host }) => <Told>{host}</Told> },
                { name: 'Made', cell: ({ madeAt }) => <Ago at={madeAt} /> },
                {
                  name: 'Used',
                  cell: ({ usedAt }) => (usedAt === undefined ? 'never' : <Ago at={usedAt} />),
                },
                {
                  name: 'Act',
                  cell: ({ id, name }) => (
                    <button type="button" className="small" onClick={() => onAct(removeAct(id, name))}>
                      Remove…
                    </button>
                  ),
                },
              ]}
            />
          )
        }
      </Answered>
    </Section>
  )
}

function removeAct(id: string, name: string): Act {
  return {
    title: `Remove the passkey ${name}`,
    about: <p>It opens nothing here any more. Your device may keep showing it until you delete it there.</p>,
    button: 'Remove',
    danger: true,
    run: async () => {
      await proven(() => removePasskey(id))
      await queries.invalidateQueries({ queryKey: KEY })
    },
  }
}

/** Does it; where the server first wants to know who sits here, asks and does it once more. */
async function proven(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Problem) || !FRESH.includes(error.code) || !(await askForProof())) throw error
    await work()
  }
}

const FRESH: readonly string[] = ['FRESH_NEEDED', 'OWNER_NOT_FRESH']
