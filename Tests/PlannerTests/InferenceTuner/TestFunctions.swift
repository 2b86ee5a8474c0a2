import Foundation
import Planner

/// Functions that searches are tried on, with less being better, and the spaces they are of.
enum TestFunction: String, CaseIterable {
  case branin
  case hartmann6
  case conditional

  func space() throws -> ParameterSpace {
    switch self {
    case .branin:
      try ParameterSpace([
        TunableParameter("x", .continuous(-5...10)), TunableParameter("y", .continuous(0...15)),
      ])
    case .hartmann6: try ParameterSpace((0..<6).map { TunableParameter("x\($0)", .continuous(0...1)) })
    case .conditional:
      try ParameterSpace([
        TunableParameter("kind", .choice(3)),
        TunableParameter("a", .continuous(0...10), when: TunableParameter.Condition(0, in: [0])),
        TunableParameter("b", .continuous(0...10), when: TunableParameter.Condition(0, in: [1])),
        TunableParameter("mode", .choice(4), when: TunableParameter.Condition(0, in: [1])),
        TunableParameter("c", .ordered(9), when: TunableParameter.Condition(0, in: [2])),
      ])
    }
  }

  /// The point that holds the numbers of a probe.
  func point(_ numbers: [Double]) -> ParameterSpace.Point {
    guard self == .conditional else { return numbers }
    return switch Int(numbers[0]) {
    case 0: [0, numbers[1], nil, nil, nil]
    case 1: [1, nil, numbers[1], numbers[2], nil]
    default: [2, nil, nil, nil, numbers[1]]
    }
  }

  func callAsFunction(_ point: ParameterSpace.Point) -> Double {
    let numbers = point.map { $0 ?? 0 }
    switch self {
    case .branin:
      let (x, y) = (numbers[0], numbers[1])
      let a = y - 5.1 / (4 * Double.pi * Double.pi) * x * x + 5 / Double.pi * x - 6
      return a * a + 10 * (1 - 1 / (8 * Double.pi)) * cos(x) + 10
    case .hartmann6:
      return -zip(Self.weights, zip(Self.scales, Self.places)).reduce(0) { sum, row in
        let exponent = (0..<6).reduce(0.0) { sum, index in
          let off = numbers[index] - row.1.1[index] * 1e-4
          return sum + row.1.0[index] * off * off
        }
        return sum + row.0 * exp(-exponent)
      }
    case .conditional:
      switch Int(numbers[0]) {
      case 0: return 2 + abs(numbers[1] - 7)
      case 1: return 0.1 + (numbers[2] - 2.5) * (numbers[2] - 2.5) / 5 + [1, 0.5, 0, 2][Int(numbers[3])]
      default: return 1 + (numbers[4] - 4) * (numbers[4] - 4) / 4
      }
    }
  }

  private static let weights = [1.0, 1.2, 3, 3.2]
  private static let scales = [
    [10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14],
  ]
  private static let places: [[Double]] = [
    [1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
    [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381],
  ]
}
