import { useEffect, useState, type FormEvent, type ReactNode } from 'react'
import { hasPasskeys, showPasskey } from '../data/passkeys.ts'
import { logIn, logInByLink } from '../data/session.ts'
import { Wrong } from '../parts/blocks.tsx'
import { TextField } from '../parts/confirm.tsx'
import { Command } from '../parts/text.tsx'

/** The one page for those who are not logged in: by the link of the terminal, or by passphrase. */
export function LogIn(): ReactNode {
  const [state, setState] = useState<{ readonly busy: boolean; readonly error?: unknown }>({ busy: false })
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setState({ busy: true })
    try {
      await work()
    } catch (error) {
      setState({ busy: false, error })
    }
  }
  useEffect(() => {
    const token = linkToken()
    if (token !== undefined) void attempt(() => logInByLink(token))
  }, [])
  return (
    <main className="login">
      <title>Log in · Warder</title>
      <h1>
        <img src="/assets/warder.svg" alt="" width="32" height="32" /> Warder
      </h1>
      <p className="about">See what agents do, answer what must be asked, and stop them.</p>
      <PassphraseForm busy={state.busy} onSubmit={(proof) => void attempt(() => logIn(proof))} />
      {hasPasskeys() ? (
        <button type="button" disabled={state.busy} onClick={() => void attempt(() => showPasskey('login'))}>
          Log in with a passkey
        </button>
      ) : null}
      {state.error === undefined ? null : <Wrong error={state.error} />}
      <section className="login-other" aria-labelledby="by-link">
        <h2 id="by-link">Or by a link</h2>
        <p>A terminal of this machine gives a link that logs in once:</p>
        <Command>warder console</Command>
        <p className="note">
          Approving and stopping work in a terminal as well, with or without this page:{' '}
          <code>warder approve</code>, <code>warder stop</code>.
        </p>
      </section>
    </main>
  )
}

function PassphraseForm(props: {
  readonly busy: boolean
  readonly onSubmit: (proof: { passphrase: string; code?: string }) => void
}): ReactNode {
  const [passphrase, setPassphrase] = useState('')
  const [code, setCode] = useState('')
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    props.onSubmit({ passphrase, ...(code === '' ? {} : { code }) })
    setPassphrase('') // a wrong one is typed anew, and the right one is not kept in the page
  }
  return (
    <form onSubmit={submit}>
      <TextField
        label="Passphrase"
        type="password"
        complete="current-password"
        value={passphrase}
        onChange={setPassphrase}
      />
      <TextField
        label="Code of your authenticator"
        complete="one-time-code"
        value={code}
        onChange={setCode}
        max={8}
        note="Only if you set one up"
      />
      <button type="submit" className="primary" disabled={props.busy || passphrase === ''}>
        {props.busy ? 'Checking…' : 'Log in'}
      </button>
    </form>
  )
}

/** The token of a log-in link, taken out of the address at once so that it stays in no history. */
function linkToken(): string | undefined {
  const { hash, pathname } = window.location
  const token = new URLSearchParams(hash.slice(1)).get('link')
  if (token === null) return undefined
  window.history.replaceState(null, '', pathname === '/login' ? '/' : pathname)
  return token
}
