import { PolicyEngine } from '/work/main/src/decide/policy/index.ts'
import { makeWorkload, NOW } from '/work/main/bench/decision-workload.ts'
const [g,a]=process.argv.slice(2).map(Number)
const w=makeWorkload('x',g!,a!)
const engine=new PolicyEngine({monotonicMs:()=>performance.now(),home:'/home/dev'})
const rules=w.grants.filter(x=>x.deny).map((x,i)=>({id:'d'+i,agents:[x.agent],effect:'deny',capabilities:[`${x.operation}:${x.pattern}`],reason:'r'}))
engine.load(JSON.stringify({version:1,rules}),'b')
w.grants.forEach((x,i)=>{ if(!x.deny) engine.admit({id:'g'+i,principal:x.agent,capability:`${x.operation}:${x.pattern}`,grantor:'owner',reason:'b',notBefore:x.from,expiresAt:x.until}) })
const text=JSON.stringify(w.requests.map(r=>{const[n,v]=r.operation.split(':');return{who:{id:r.agent,role:'agent',channel:'agent-socket'},action:{namespace:n,verb:v,resource:r.resource,risk:'low',bytes:'b'.repeat(64)}}}))
const all=JSON.parse(text);const texts:string[]=[];for(let k=0;k<all.length;k+=2000)texts.push(JSON.stringify(all.slice(k,k+2000)));all.length=0
const rates:number[]=[]
for(let p=0;p<12;p++){let dt=0;for(let k=0;k<texts.length;k++){const q=JSON.parse(texts[k]);const t=performance.now();let x=0;for(const {who,action} of q)x+=engine.decide(who,action,NOW).effect==="allow"?1:0;dt+=performance.now()-t}rates.push(100000/dt)}
console.log(g,a,rates.map(r=>(r/1000).toFixed(2)).join(' '))
