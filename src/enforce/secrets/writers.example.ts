/** One of several programs that write to the same store: `node writers.example.ts ROOT NAME COUNT`. */
import { secret, store } from './secrets.test-kit.ts'

const [root = '', name = '', count = '0'] = process.argv.slice(2)
const { book } = store(root)
for (let i = 0; i < Number(count); i += 1) await book.set(`${name}-${i}`, {}, secret(`value of ${name}-${i}`))
