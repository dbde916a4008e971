/** Applies the change set of `builder` in the home it is given: a process for tests to kill. */
import { openWorkspaceExample } from './overlay.example.ts'

const home = process.argv[2] ?? ''
const { changes, sets, apply } = openWorkspaceExample(home)
await changes.recover()
process.stdout.write('ready\n')
await apply(sets.find('builder'))
