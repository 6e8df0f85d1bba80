import type { OpenDag } from '../dag-peers.ts';
import type { Dag } from '../dags.ts';

export function openLangGraph(dag: Dag): OpenDag;
