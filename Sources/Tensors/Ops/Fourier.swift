import Costs
import NumericTypes

extension Context {
  /// The discrete Fourier transform of real rows x [.., n] → [.., n/2 + 1, 2]: X[k] = Σ x[j] e^(-2πi·jk/n), real and imaginary part
  /// behind each other; the other half are the conjugates.
  ///
  /// By the factors of n where they are small (Cooley, Tukey, 1965), else as a convolution (Bluestein, 1970): n log n for any n.
  ///
  /// - Precondition: n > 0.
  /// - Returns: f64 for f64, else f32.
  public func realFourier(_ x: Tensor) -> Tensor {
    precondition(x.shape.rank >= 1 && x.shape.last > 0 && x.dtype.isFloatingPoint, "the transform of \(x.shape)")
    let lane = contiguous(cast(x, to: x.dtype == .f64 ? .f64 : .f32))
    guard lane.isTracked else { return transformed(lane) }
    let count = x.shape.last
    return differentiable([lane]) {
      transformed(lane.detached())
    } backward: { call in
      // Σ Re(gₖ e^(iθ)): an inverse transform to which the halves that stand for two count once.
      let context = call.context
      let single = context.multiply(
        call.gradient, context.conjugateCounts(count, call.gradient.dtype, isInverted: true))
      return [context.multiply(context.inverseRealFourier(single, count: count), Double(count))]
    }
  }

  /// The real rows [.., n] of which x [.., n/2 + 1, 2] is the transform: what ``realFourier(_:)`` undoes. Imaginary parts that a
  /// transform of real numbers does not have, of X[0] and for even n of X[n/2], do not count.
  ///
  /// - Precondition: n > 0, and x has its n/2 + 1 numbers.
  public func inverseRealFourier(_ x: Tensor, count: Int) -> Tensor {
    precondition(
      x.shape.rank >= 2 && count > 0 && x.shape.last == 2 && x.shape[-2] == count / 2 + 1 && x.dtype.isFloatingPoint,
      "the inverse transform of \(x.shape) to \(count) numbers")
    let lane = contiguous(cast(x, to: x.dtype == .f64 ? .f64 : .f32))
    guard lane.isTracked else { return transformedBack(lane, count) }
    return differentiable([lane]) {
      transformedBack(lane.detached(), count)
    } backward: { call in
      let context = call.context
      let spectrum = context.realFourier(call.gradient)
      return [
        context.divide(
          context.multiply(spectrum, context.conjugateCounts(count, spectrum.dtype, isInverted: false)), Double(count))
      ]
    }
  }

  /// For each number of half a transform how many of the whole it stands for, [n/2 + 1, 1], or one over that.
  private func conjugateCounts(_ count: Int, _ dtype: DType, isInverted: Bool) -> Tensor {
    generate([count / 2 + 1, 1], dtype) { index in
      index == 0 || 2 * index == count ? 1 : isInverted ? 0.5 : 2
    }
  }

  private func transformed(_ x: Tensor) -> Tensor {
    x.dtype == .f64 ? transformed(x, in: Double.self) : transformed(x, in: Float.self)
  }

  private func transformedBack(_ x: Tensor, _ count: Int) -> Tensor {
    x.dtype == .f64 ? transformedBack(x, count, in: Double.self) : transformedBack(x, count, in: Float.self)
  }

  private func transformed<Lane: LaneNumber & BinaryFloatingPoint & SIMDScalar>(_ x: Tensor, in: Lane.Type) -> Tensor {
    let count = x.shape.last
    let y = empty(Shape(x.shape.dimensions.dropLast() + [count / 2 + 1, 2]), x.dtype)
    performTransforms(RealFourier<Lane>(count), x, y, (count, 2 * (count / 2 + 1))) { $0.forward($1, $2, $3) }
    return y
  }

  private func transformedBack<Lane: LaneNumber & BinaryFloatingPoint & SIMDScalar>(
    _ x: Tensor, _ count: Int, in: Lane.Type
  ) -> Tensor {
    let y = empty(Shape(x.shape.dimensions.dropLast(2) + [count]), x.dtype)
    performTransforms(RealFourier<Lane>(count), x, y, (2 * (count / 2 + 1), count)) { $0.backward($1, $2, $3) }
    return y
  }

  private func performTransforms<Lane: LaneNumber & BinaryFloatingPoint & SIMDScalar>(
    _ plan: RealFourier<Lane>, _ x: Tensor, _ y: Tensor, _ lengths: (read: Int, written: Int),
    _ body:
      @escaping (RealFourier<Lane>, UnsafePointer<Lane>, UnsafeMutablePointer<Lane>, UnsafeMutablePointer<Lane>) -> Void
  ) {
    let (read, written) = lengths
    let (from, to) = (x.pointer(as: Lane.self), y.pointer(as: Lane.self))
    let cost = OperationCost(
      flops: 2.5 * Double(x.count) * Double(Int.bitWidth - plan.count.leadingZeroBitCount),
      bytesRead: 4 * Double(x.count), bytesWritten: 4 * Double(y.count))
    withExtendedLifetime(x) {
      performRanges(y.count / written, grain: max(1, 4096 / plan.count), .fourier, cost) { range in
        withUnsafeTemporaryAllocation(of: Lane.self, capacity: plan.scratch) { buffer in
          let scratch = buffer.baseAddress.unsafelyUnwrapped
          for row in range { body(plan, from + row * read, to + row * written, scratch) }
        }
      }
    }
  }
}
