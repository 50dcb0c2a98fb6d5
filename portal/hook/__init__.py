"""The house's webhook: another program (a monitor, a register of machines) is told of every machine, made and gone."""
