/// Mean waits of queues in closed form, as oracles of the simulator. Rates are those of one unit of time.
public enum QueueFormula {
  /// The mean wait before service in an M/M/c queue (Erlang 1917): C(c, λ/μ) / (cμ − λ); infinite where it has none.
  public static func exponential(servers: Int, arrivalRate: Double, serviceRate: Double) -> Double {
    let offered = arrivalRate / serviceRate
    guard offered < Double(servers) else { return .infinity }
    // Erlang's B by its recurrence, then C from it: no factorials.
    var blocked = 1.0
    for server in 1...max(1, servers) { blocked = offered * blocked / (Double(server) + offered * blocked) }
    let load = offered / Double(servers)
    let waits = blocked / (1 - load * (1 - blocked))
    return waits / (Double(servers) * serviceRate - arrivalRate)
  }

  /// The mean wait before service in an M/G/1 queue (Pollaczek 1930, Khinchine 1932): λ E[S²] / 2(1 − λ E[S]).
  public static func general(arrivalRate: Double, meanService: Double, meanSquare: Double) -> Double {
    let load = arrivalRate * meanService
    return load < 1 ? arrivalRate * meanSquare / (2 * (1 - load)) : .infinity
  }
}
