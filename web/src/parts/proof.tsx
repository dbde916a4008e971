import { useState, type FormEvent, type ReactNode } from 'react'
import { proofWanted } from '../data/proof.ts'
import { hasPasskeys, showPasskey } from '../data/passkeys.ts'
import { proveAgain, session, tokenOf } from '../data/session.ts'
import { Wrong } from './blocks.tsx'
import { Sheet, TextField } from './confirm.tsx'
import { Command } from './text.tsx'

/** Asks once more who sits here, because an act of weight waits for it. */
export function ProofDialog(): ReactNode {
  const answer = proofWanted.use()
  return (
    <Sheet open={answer !== undefined} onClose={() => answer?.(false)} title="Is it still you?">
      {answer === undefined ? null : <ProofForm answer={answer} />}
    </Sheet>
  )
}

function ProofForm({ answer }: { readonly answer: (proved: boolean) => void }): ReactNode {
  const who = session.use()
  const [words, setWords] = useState({ passphrase: '', code: '', link: '' })
  const [state, setState] = useState<{ readonly busy: boolean; readonly error?: unknown }>({ busy: false })
  const put = (more: Partial<typeof words>): void => setWords({ ...words, ...more })
  const attempt = async (prove: () => Promise<void>): Promise<void> => {
    setState({ busy: true })
    try {
      await prove()
      answer(true)
    } catch (error) {
      setWords({ passphrase: '', code: '', link: '' })
      setState({ busy: false, error })
    }
  }
  const known = typeof who === 'object' ? who : undefined
  const byPassphrase = known?.role === 'owner' && known.passphrase
  const given = byPassphrase
    ? { passphrase: words.passphrase, ...(words.code === '' ? {} : { code: words.code }) }
    : { token: tokenOf(words.link) }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void attempt(() => proveAgain(given))
  }
  return (
    <form className="question" onSubmit={submit}>
      <p>What you are about to do loosens a guard or cannot be undone, so Warder wants to be sure.</p>
      {byPassphrase ? (
        <TextField
          label="Passphrase"
          type="password"
          complete="current-password"
          value={words.passphrase}
          onChange={(passphrase) => put({ passphrase })}
        />
      ) : (
        <TextField
          label="A new link of the terminal"
          value={words.link}
          onChange={(link) => put({ link })}
          note={<Command>warder console</Command>}
        />
      )}
      {byPassphrase && known.totp ? (
        <TextField
          label="Code of your authenticator"
          complete="one-time-code"
          value={words.code}
          onChange={(code) => put({ code })}
          max={8}
        />
      ) : null}
      {state.error === undefined ? null : <Wrong error={state.error} />}
      <div className="buttons">
        <button
          type="submit"
          className="primary"
          disabled={state.busy || (words.passphrase === '' && words.link === '')}
        >
          {state.busy ? 'Checking…' : 'Go on'}
        </button>
        {known?.passkeys === true && hasPasskeys() ? (
          <button
            type="button"
            disabled={state.busy}
            onClick={() => void attempt(() => showPasskey('fresh'))}
          >
            Use a passkey
          </button>
        ) : null}
        <button type="button" onClick={() => answer(false)}>
          Cancel
        </button>
      </div>
    </form>
  )
}
