import Costs
import NumericTypes

/// Which values of a head make a pair that turns.
public enum RotaryPairing: Sendable, Hashable {
  /// Neighbours: 2i and 2i + 1.
  case neighbours
  /// The two halves of what turns: i and i + rotated/2.
  case halves
}

extension Context {
  /// x [.., N, H, d] turned by positions (Su et al.: RoFormer, 2021): pair i of a head at position p by the angle whose cosine
  /// and sine are table[p, 2i] and table[p, 2i + 1]. The table [P, rotated] says how many values of a head turn; the others
  /// pass through. Going back it turns back. `positions` [N], or the leading axes of x with N, of i32 or i64 are the rows of
  /// the table; 0, 1, … by default.
  ///
  /// - Precondition: positions are below P; `rotated` is even and at most d; the table is not tracked.
  public func rotary(_ x: Tensor, table: Tensor, positions: Tensor? = nil, pairing: RotaryPairing = .halves) -> Tensor {
    turned(x, table, positions, pairing, isBack: false)
  }

  private func turned(
    _ x: Tensor, _ table: Tensor, _ positions: Tensor?, _ pairing: RotaryPairing, isBack: Bool
  ) -> Tensor {
    guard x.isTracked else { return computedTurn(x, table, positions, pairing, isBack) }
    return differentiable([x]) {
      computedTurn(x.detached(), table, positions, pairing, isBack)
    } backward: { call in
      [call.context.turned(call.gradient, table, positions, pairing, isBack: !isBack)]
    }
  }

  private func computedTurn(
    _ x: Tensor, _ table: Tensor, _ positions: Tensor?, _ pairing: RotaryPairing, _ isBack: Bool
  ) -> Tensor {
    precondition(
      x.shape.rank >= 3 && table.shape.rank == 2 && table.shape[1].isMultiple(of: 2) && table.shape[1] <= x.shape.last
        && x.dtype.isFloatingPoint,
      "\(x.dtype.displayName) \(x.shape) turned by a table \(table.shape)")
    let rows = Shape(x.shape.dimensions.dropLast(2))
    precondition(
      positions.map { [rows, [x.shape[-3]]].contains($0.shape) && !$0.dtype.isFloatingPoint } ?? true,
      "positions \(positions?.shape ?? []) of \(x.shape)")
    return x.dtype == .f64
      ? turn(x, table, positions, pairing, isBack, .f64, in: Double.self)
      : cast(turn(x, table, positions, pairing, isBack, .f32, in: Float.self), to: x.dtype)
  }

  private func turn<Lane: LaneNumber & BinaryFloatingPoint>(
    _ x: Tensor, _ table: Tensor, _ positions: Tensor?, _ pairing: RotaryPairing, _ isBack: Bool, _ lane: DType,
    in: Lane.Type
  ) -> Tensor {
    let source = contiguous(cast(x, to: lane))
    let angles = contiguous(cast(table, to: lane))
    let places = positions.map { contiguous(cast($0, to: .i64)) }
    let y = empty(x.shape, lane)
    let (sequence, heads, width) = (x.shape[-3], x.shape[-2], x.shape[-1])
    let (rotated, limit, pairs) = (table.shape[1], table.shape[0], table.shape[1] / 2)
    let rows = x.count == 0 ? 0 : x.count / (heads * width)
    withExtendedLifetime((source, angles, places)) {
      let (from, to) = (source.pointer(as: Lane.self), y.pointer(as: Lane.self))
      let (turns, place) = (angles.pointer(as: Lane.self), places?.pointer(as: Int64.self))
      let isShared = places?.count == sequence
      let cost = OperationCost(
        flops: 3 * Double(x.count), bytesRead: 4 * Double(x.count + rows * rotated), bytesWritten: 4 * Double(x.count))
      performRanges(rows, grain: max(1, 16384 / max(1, heads * width)), .rope, cost) { range in
        withUnsafeTemporaryAllocation(of: Lane.self, capacity: max(1, rotated)) { buffer in
          let cosines = buffer.baseAddress.unsafelyUnwrapped
          let sines = cosines + pairs
          for row in range {
            let position = place.map { Int($0[isShared ? row % sequence : row]) } ?? row % sequence
            precondition(position >= 0 && position < limit, "position \(position) of a table of \(limit)")
            for i in 0..<pairs {
              cosines[i] = turns[position * rotated + 2 * i]
              let sine = turns[position * rotated + 2 * i + 1]
              sines[i] = isBack ? -sine : sine
            }
            for head in 0..<heads {
              let offset = (row * heads + head) * width
              let (x, y) = (from + offset, to + offset)
              switch pairing {
              case .halves:
                for i in 0..<pairs {
                  y[i] = x[i] * cosines[i] - x[i + pairs] * sines[i]
                  y[i + pairs] = x[i] * sines[i] + x[i + pairs] * cosines[i]
                }
              case .neighbours:
                for i in 0..<pairs {
                  y[2 * i] = x[2 * i] * cosines[i] - x[2 * i + 1] * sines[i]
                  y[2 * i + 1] = x[2 * i] * sines[i] + x[2 * i + 1] * cosines[i]
                }
              }
              (y + rotated).update(from: x + rotated, count: width - rotated)
            }
          }
        }
      }
    }
    return y
  }
}
