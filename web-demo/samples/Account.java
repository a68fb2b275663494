import java.util.ArrayList;
import java.util.List;

/** Money in cents, and every change that was made to it. */
public class Account {
    private final String owner;
    private final List<Long> changes = new ArrayList<>();
    private long balance;

    public Account(String owner) {
        this.owner = owner;
        this.balance = 0;
    }

    public String getOwner() {
        return owner;
    }

    public long getBalance() {
        $0
    }

    public void deposit(long amount) {
        if (amount <= 0) {
            throw new IllegalArgumentException("amount must be positive");
        }
        balance += amount;
        changes.add(amount);
    }

    public void withdraw(long amount) {
        if (amount <= 0) {
            throw new IllegalArgumentException("amount must be positive");
        }
        balance -= amount;
        changes.add(-amount);
    }

    @Override
    public String toString() {
        return owner + ": " + balance;
    }
}
