import NumericTypes

extension Context {
  /// The value of a scalar function and its gradient with respect to each of `parameters`.
  ///
  /// ```swift
  /// let (loss, gradients) = context.valueAndGradient(of: [w, b]) { parameters in
  ///   let error = context.subtract(context.add(context.matmul(x, parameters[0]), parameters[1]), y)
  ///   return context.mean(context.square(error))
  /// }
  /// ```
  /// What `body` does with the tensors it is given is recorded; other tensors are constants. A parameter that the result
  /// does not depend on has a gradient of zeros. Gradients are row-major and have buffers of their own. They are the same
  /// bits for any number of threads.
  ///
  /// Inside of `body` the operators that have a gradient can be used, views, and ``differentiable(_:keepingOutput:_:backward:)``;
  /// whatever else wants a tracked tensor's address stops with a message. To look at one, take ``Tensor/detached()``. Within
  /// another derivative's `body` the result and the gradients are recorded in turn, which gives derivatives of higher order.
  ///
  /// - Precondition: parameters are floating-point; the result of `body` has one element.
  public func valueAndGradient(
    of parameters: [Tensor], _ body: (_ parameters: [Tensor]) throws -> Tensor
  ) rethrows -> (value: Tensor, gradients: [Tensor]) {
    let (value, gradients, _) = try valueAndGradient(of: parameters) { (try body($0), ()) }
    return (value, gradients)
  }

  /// The value and its gradient, with more that `body` gives beside the result: logits, for instance,
  /// of which nothing is tracked afterwards.
  public func valueAndGradient<Others>(
    of parameters: [Tensor], _ body: (_ parameters: [Tensor]) throws -> (value: Tensor, others: Others)
  ) rethrows -> (value: Tensor, gradients: [Tensor], others: Others) {
    for (index, parameter) in parameters.enumerated() {
      precondition(
        parameter.dtype.isFloatingPoint,
        "no gradient with respect to parameter \(index), \(parameter.dtype.displayName) \(parameter.shape): "
          + "only f32, f64, f16 and bf16 have one")
    }
    let outer = tape
    let isNested = outer?.isRecording ?? false
    let tape = isNested ? outer ?? Tape(self) : Tape(self)
    self.tape = tape
    defer {
      self.tape = outer
      if !isNested { tape.end() }
    }
    let start = tape.count
    let (value, others) = try body(parameters.map { tape.parameter($0) })
    precondition(
      value.count == 1 && value.dtype.isFloatingPoint,
      "the gradient of \(value.dtype.displayName) \(value.shape): only a floating-point scalar has one")
    let found = tape.backward(value, parametersAt: start, count: parameters.count, keeping: isNested)
    var storages: Set<ObjectIdentifier> = []
    let gradients = zip(parameters, found).map { parameter, gradient in
      guard let gradient else { return zeros(parameter.shape, parameter.dtype) }
      // One buffer may have come back to two parameters, as that of a sum does to its terms.
      let isOwn = gradient.isContiguous && storages.insert(ObjectIdentifier(gradient.storage)).inserted
      return isOwn ? gradient : copy(gradient)
    }
    if isNested { return (value, gradients, others) }
    return (value.detached(), gradients.map { $0.detached() }, others)
  }

  /// The gradient of a scalar function with respect to each of `parameters`, without its value.
  public func gradient(
    of parameters: [Tensor], _ body: (_ parameters: [Tensor]) throws -> Tensor
  ) rethrows -> [Tensor] {
    try valueAndGradient(of: parameters, body).gradients
  }

  /// An operator with a backward pass of its own.
  ///
  /// ```swift
  /// func cubed(_ x: Tensor) -> Tensor {
  ///   context.differentiable([x]) {
  ///     cubes(of: x)  // anything: addresses may be read here, nothing is recorded
  ///   } backward: { call in
  ///     [call.context.multiply(call.gradient, call.context.multiply(call.context.square(x), 3))]
  ///   }
  /// }
  /// ```
  /// `backward` gives one gradient for each input, in the input's shape and type, or nothing where ``BackwardCall/wants(_:)``
  /// says it is of no use. Written with operators that have gradients, it gives derivatives of higher order. What it keeps of
  /// inputs is held until the gradient has gone back; of the result it takes ``BackwardCall/output``. `VenturiTesting`'s
  /// `GradientLaw` checks it against differences.
  ///
  /// Where ``Tensor/isTracked`` holds for none of the inputs, `forward` is called and nothing else happens; an operator that
  /// must not allocate asks first, because the closures are made before the call.
  public func differentiable(
    _ inputs: [Tensor], keepingOutput: Bool = false, _ forward: () throws -> Tensor,
    backward: @escaping (BackwardCall) -> [Tensor?]
  ) rethrows -> Tensor {
    guard let tape = inputs.first(where: \.isTracked)?.node?.tape else { return try forward() }
    precondition(tape === self.tape, "a tensor is used in another context than that which records it")
    let output = try tape.recording(false, forward)
    return tape.record(output, from: inputs, keepingOutput: keepingOutput, backward)
  }

  /// Runs `body` on `inputs` and keeps nothing in between: for the gradient it runs again (Chen, Xu, Zhang, Guestrin:
  /// Training deep nets with sublinear memory cost, 2016).
  ///
  /// Values and gradients are those without it, bit for bit. `body` must give the same each time: random numbers come
  /// from a generator that it copies, not one that it moves on. Tracked tensors that it captures get their gradients as
  /// those in `inputs` do.
  public func checkpoint(
    _ inputs: [Tensor], _ body: @escaping (_ inputs: [Tensor]) throws -> [Tensor]
  ) rethrows -> [Tensor] {
    guard let tape, tape.isRecording else { return try body(inputs) }
    let outputs = try tape.recording(false) { try body(inputs) }
    return tape.record(CheckpointedSegment(inputs, outputs: outputs.count, body), from: inputs, outputs: outputs)
  }

  /// As ``checkpoint(_:_:)-(_,([Tensor])->[Tensor])``, for a segment of one result.
  public func checkpoint(
    _ inputs: [Tensor], _ body: @escaping (_ inputs: [Tensor]) throws -> Tensor
  ) rethrows -> Tensor {
    try checkpoint(inputs) { [try body($0)] }[0]
  }
}
