import NumericTypes

/// Customers who arrive at random at one line before some servers, first come, first served: M/M/c and M/D/c.
public struct QueueSimulation: Sendable, Hashable {
  /// How long service takes.
  public enum Service: String, Sendable, Hashable, CaseIterable {
    /// At random without memory.
    case exponential
    /// Always the mean.
    case constant
  }

  /// Servers c.
  public var servers: Int
  /// Arrivals λ in a unit of time.
  public var arrivalRate: Double
  /// Services μ of one server in a unit of time.
  public var serviceRate: Double
  /// How long they take.
  public var service: Service

  /// A queue.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public init(servers: Int = 1, arrivalRate: Double, serviceRate: Double = 1, service: Service) throws(PlannerError) {
    guard (1...1 << 16).contains(servers) else {
      throw .invalid(field: "servers", problem: "\(servers) lies outside 1…2¹⁶")
    }
    for (field, rate) in [("arrivalRate", arrivalRate), ("serviceRate", serviceRate)] where !(rate > 0 && rate < 1e9) {
      throw .invalid(field: field, problem: "\(rate) lies outside 0…10⁹")
    }
    self.servers = servers
    self.arrivalRate = arrivalRate
    self.serviceRate = serviceRate
    self.service = service
  }

  /// What was seen of the customers.
  public struct Result: Sendable, Hashable {
    /// Customers who came.
    public var arrived = 0
    /// Customers who were served.
    public var served = 0
    /// The mean wait before service.
    public var meanWait = 0.0
    /// The mean time in the queue and in service.
    public var meanStay = 0.0
    /// The part of the servers' time in which they served.
    public var utilization = 0.0
    /// The events.
    public var events: UInt64 = 0
  }

  private enum Event {
    case arrival
    case departure
  }

  /// Serves `customers`; all are served to the end.
  ///
  /// - Parameters:
  ///   - customers: how many arrive.
  ///   - seed: of the draws.
  ///   - mirrored: takes 1 − u for every u drawn. A run and its mirrored one err in opposite directions, so that the
  ///     mean of both is nearer to the truth than two runs of their own.
  /// - Throws: ``PlannerError``.
  public func run(customers: Int, seed: UInt64, mirrored: Bool = false) throws(PlannerError) -> Result {
    guard (1...1 << 31).contains(customers) else {
      throw .invalid(field: "customers", problem: "\(customers) lies outside 1…2³¹")
    }
    var gaps = Random(seed: seed, stream: 1)
    var services = Random(seed: seed, stream: 2)
    let (gap, mean) = (1 / arrivalRate, 1 / serviceRate)
    var queue = EventQueue<Event>()
    // A ring of the arrivals of those who wait.
    var line = WaitingLine<Double>()
    var result = Result()
    var busy = 0
    var (waits, work) = (0.0, 0.0)
    func begin(_ arrival: Double) throws(PlannerError) {
      let seconds =
        switch service {
        case .exponential: services.exponential(mean: mean, mirrored: mirrored)
        case .constant: mean
        }
      waits += queue.now - arrival
      work += seconds
      try queue.schedule(.departure, at: queue.now + seconds)
    }
    try queue.schedule(.arrival, at: gaps.exponential(mean: gap, mirrored: mirrored))
    while let event = queue.next() {
      switch event {
      case .arrival:
        result.arrived += 1
        if result.arrived < customers {
          try queue.schedule(.arrival, at: queue.now + gaps.exponential(mean: gap, mirrored: mirrored))
        }
        if busy < servers {
          busy += 1
          try begin(queue.now)
        } else {
          line.append(queue.now)
        }
      case .departure:
        result.served += 1
        if let arrival = line.popFirst() { try begin(arrival) } else { busy -= 1 }
      }
    }
    guard result.served == result.arrived, busy == 0 else {
      throw .brokenLaw("\(result.arrived) customers came, \(result.served) were served", at: queue.now)
    }
    result.meanWait = waits / Double(customers)
    result.meanStay = (waits + work) / Double(customers)
    result.utilization = work / (queue.now * Double(servers))
    result.events = queue.taken
    return result
  }

  /// The mean wait that theory gives; only of constant service at several servers there is none.
  public var expectedWait: Double? {
    switch service {
    case .exponential:
      QueueFormula.exponential(servers: servers, arrivalRate: arrivalRate, serviceRate: serviceRate)
    case .constant:
      servers > 1
        ? nil
        : QueueFormula.general(
          arrivalRate: arrivalRate, meanService: 1 / serviceRate, meanSquare: 1 / (serviceRate * serviceRate))
    }
  }
}

extension Random {
  fileprivate mutating func exponential(mean: Double, mirrored: Bool) -> Double {
    mirrored ? mirroredExponential(mean: mean) : exponential(mean: mean)
  }
}
