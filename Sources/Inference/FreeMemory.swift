import CVenturi

/// Memory that is free in this process, but not yet for others.
package enum FreeMemory {
  /// Gives it back to the system, where the allocator keeps it; worth its time after a model is gone.
  package static func giveBack() { vt_give_back_free_memory() }
}
