import Planner
import Testing

@Suite("Queues against their formulas") struct QueueSimulationTests {
  /// The long form, 10⁶ customers at 20 loads within 1 %, is in the reproduction.
  @Test func waits() throws {
    for wait in try SimulationLaws.waits(loads: [0.3, 0.6, 0.8], customers: 100_000, pairs: 3, threads: 2) {
      #expect(wait.error < 0.03, "\(wait)")
    }
  }

  /// Erlang's formula against its sum of factorials.
  @Test func formulas() {
    for (servers, load) in [(1, 0.5), (2, 0.3), (5, 0.9), (12, 0.7)] {
      let offered = Double(servers) * load
      var (term, sum) = (1.0, 0.0)
      for server in 0..<servers {
        sum += term
        term *= offered / Double(server + 1)
      }
      let top = term / (1 - load)
      let wait = top / (sum + top) / (Double(servers) - offered)
      #expect(
        abs(QueueFormula.exponential(servers: servers, arrivalRate: offered, serviceRate: 1) / wait - 1) < 1e-12)
    }
    // An M/M/1 queue is an M/G/1 queue whose square mean is twice that of constant service.
    let general = QueueFormula.general(arrivalRate: 0.7, meanService: 1, meanSquare: 2)
    #expect(abs(general - QueueFormula.exponential(servers: 1, arrivalRate: 0.7, serviceRate: 1)) < 1e-12)
    #expect(QueueFormula.general(arrivalRate: 1, meanService: 1, meanSquare: 1) == .infinity)
    #expect(QueueFormula.exponential(servers: 2, arrivalRate: 2.1, serviceRate: 1) == .infinity)
  }

  @Test func badQueues() {
    #expect(throws: PlannerError.self) { try QueueSimulation(servers: 0, arrivalRate: 1, service: .constant) }
    for rate in [0, -1, .nan, .infinity] {
      #expect(throws: PlannerError.self) { try QueueSimulation(arrivalRate: rate, service: .constant) }
    }
    #expect(throws: PlannerError.self) {
      try QueueSimulation(arrivalRate: 1, service: .constant).run(customers: 0, seed: 1)
    }
  }
}
