"""Max-min fair rates of flows on small fabrics, and the least largest load of divided flows, by linear programs.

usage: make_planner_fabric.py OUT_FILE     (numpy 2.4.6, scipy 1.17.1 with HiGHS; layout in Golden/README.md)
"""

import json
import sys

import numpy as np
from scipy.optimize import linprog

random = np.random.default_rng(33)


def links_of(fabric, flow):
    """The names of a flow's links, each with its capacity."""
    node, card, out, spine, other, other_card, side = flow
    group = lambda n: n // fabric["nodesPerGroup"]
    port, uplink = fabric["port"], fabric["uplink"]
    first, last = (group(node), out), (group(other), side)
    links = {("up", node, card, out): port, ("down", other, other_card, side): port}
    if spine >= 0:
        links[("leaf up", first, spine)] = uplink
        links[("leaf down", last, spine)] = uplink
    return links


def maxmin(paths, capacities):
    """Raises the least rate, fixes the flows that cannot have more, and so on; a linear program each time."""
    names = sorted({name for path in paths for name in path}, key=str)
    rows = np.array([[name in path for path in paths] for name in names], float)
    limits = np.array([capacities[name] for name in names], float)
    count = len(paths)
    fixed = {}
    while len(fixed) < count:
        # Variables: rates, t. Free rates are at least t.
        def solve(objective, least=None):
            upper = [np.append(row, 0.0) for row in rows]
            values = list(limits)
            for flow in range(count):
                if flow not in fixed:
                    row = np.zeros(count + 1)
                    row[flow], row[count] = -1, 1
                    upper.append(row)
                    values.append(0)
            bounds = [(fixed[f], fixed[f]) if f in fixed else (0, None) for f in range(count)]
            bounds.append((0, None) if least is None else (least, least))
            result = linprog(objective, A_ub=np.array(upper), b_ub=values, bounds=bounds, method="highs")
            assert result.status == 0, result.message
            return -result.fun

        objective = np.zeros(count + 1)
        objective[count] = -1
        least = solve(objective)
        stuck = []
        for flow in range(count):
            if flow in fixed:
                continue
            objective = np.zeros(count + 1)
            objective[flow] = -1
            if solve(objective, least * (1 - 1e-12)) <= least * (1 + 1e-7):
                stuck.append(flow)
        assert stuck
        for flow in stuck:
            fixed[flow] = least
    return [fixed[flow] for flow in range(count)]


def small():
    fabric = {
        "nodes": int(random.integers(2, 7)), "cards": int(random.integers(1, 3)),
        "nodesPerGroup": int(random.integers(1, 4)), "spines": int(random.integers(1, 4)),
        "port": int(random.integers(1, 11)), "uplink": int(random.integers(1, 11)),
    }
    flows = []
    for _ in range(int(random.integers(2, 13))):
        node, other = (int(n) for n in random.choice(fabric["nodes"], 2, replace=False))
        out, side = (int(s) for s in random.integers(0, 2, 2))
        same = node // fabric["nodesPerGroup"] == other // fabric["nodesPerGroup"] and out == side
        flows.append([
            node, int(random.integers(fabric["cards"])), out,
            -1 if same else int(random.integers(fabric["spines"])), other, int(random.integers(fabric["cards"])), side])
    paths = [links_of(fabric, flow) for flow in flows]
    capacities = {name: value for path in paths for name, value in path.items()}
    return {**fabric, "flows": flows, "rates": [float(f"{r:.12g}") for r in maxmin(paths, capacities)]}


def least_load(fabric, connections, failed):
    """The least largest load of connections that divide over all healthy paths at will; each wants both of its ports full."""
    demand = 2.0 * fabric["port"]
    columns, owners = [], []
    for index, (node, card, other, other_card) in enumerate(connections):
        for out in (0, 1):
            for side in (0, 1):
                same = node // fabric["nodesPerGroup"] == other // fabric["nodesPerGroup"] and out == side
                for spine in [-1] if same else [s for s in range(fabric["spines"]) if s not in failed]:
                    columns.append(links_of(fabric, (node, card, out, spine, other, other_card, side)))
                    owners.append(index)
    names = sorted({name for column in columns for name in column}, key=str)
    place = {name: i for i, name in enumerate(names)}
    upper = np.zeros((len(names), len(columns) + 1))
    for j, column in enumerate(columns):
        for name, capacity in column.items():
            upper[place[name], j] = demand / capacity
    upper[:, -1] = -1
    equal = np.zeros((len(connections), len(columns) + 1))
    for j, owner in enumerate(owners):
        equal[owner, j] = 1
    objective = np.zeros(len(columns) + 1)
    objective[-1] = 1
    result = linprog(
        objective, A_ub=upper, b_ub=np.zeros(len(names)), A_eq=equal, b_eq=np.ones(len(connections)), bounds=(0, None),
        method="highs")
    assert result.status == 0
    return float(f"{result.fun:.12g}")


def ring(jobs, cards):
    return [
        (job[i], card, job[(i + 1) % len(job)], card) for job in jobs for i in range(len(job)) for card in range(cards)]


standard = {"nodes": 16, "cards": 4, "nodesPerGroup": 2, "spines": 8, "port": 25, "uplink": 25}
narrow = {**standard, "uplink": 10}
pairs = [[j, j + 8] for j in range(8)]
bounds = []
for fabric in (standard, narrow):
    for jobs in (pairs, [list(range(16))], [[0, 5, 10, 15], [1, 2, 3], [4, 8, 12, 6, 14]]):
        for failed in ([], [0], [2, 5, 7]):
            bounds.append({
                **fabric, "jobs": jobs, "failed": failed,
                "load": least_load(fabric, ring(jobs, fabric["cards"]), failed)})

with open(sys.argv[1], "w") as file:
    file.write('{"rates": [\n')
    file.write(",\n".join(json.dumps(small(), separators=(",", ":")) for _ in range(200)))
    file.write('\n], "loads": [\n')
    file.write(",\n".join(json.dumps(bound, separators=(",", ":")) for bound in bounds))
    file.write("\n]}\n")
