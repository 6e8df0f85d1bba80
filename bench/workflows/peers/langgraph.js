import { setMaxListeners } from 'node:events';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';

// Each step listens to one signal, and Node.js would warn of it again and again.
setMaxListeners(0);

/** The graph as a state graph, compiled once. Each step counts itself, which is all the state there is. */
export function openLangGraph(dag) {
  const State = Annotation.Root({
    ran: Annotation({ reducer: (sum, more) => sum + more, default: () => 0 }),
  });
  const nameOf = (step) => `s${step}`;
  const graph = new StateGraph(State);
  /** In which round of LangGraph each step runs. */
  const levels = [];
  for (const needs of dag) levels.push(1 + Math.max(0, ...needs.map((need) => levels[need])));
  const isTaken = new Array(dag.length).fill(false);
  for (const [step, needs] of dag.entries()) {
    graph.addNode(nameOf(step), () => ({ ran: 1 }));
    for (const need of needs) isTaken[need] = true;
  }
  for (const [step, needs] of dag.entries()) {
    if (needs.length === 0) graph.addEdge(START, nameOf(step));
    // Steps of one level end together, and then plain edges do, which are faster; a list makes it wait for all of them.
    else if (needs.every((need) => levels[need] === levels[needs[0]])) {
      for (const need of needs) graph.addEdge(nameOf(need), nameOf(step));
    } else graph.addEdge(needs.map(nameOf), nameOf(step));
    if (!isTaken[step]) graph.addEdge(nameOf(step), END);
  }
  const app = graph.compile();
  return {
    async run() {
      const { ran } = await app.invoke({ ran: 0 }, { recursionLimit: 2 * dag.length + 10 });
      return ran;
    },
    async close() {},
  };
}
